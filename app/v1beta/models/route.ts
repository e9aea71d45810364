import { gatewayRoute } from "@/server/http/next-route";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = gatewayRoute;
