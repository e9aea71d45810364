import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import type { ReactNode } from "react";
import { Shell } from "@/components/shell";
import { themeCookie, themeFrom } from "@/components/theme";
import { authOptions } from "@/server/auth";

/** Lets only a signed-in admin through, and puts the frame around every page. */
export default async function DashboardLayout({ children }: { children: ReactNode }) {
  const session = await getServerSession(authOptions);
  if (!session) redirect("/sign-in");
  const theme = themeFrom((await cookies()).get(themeCookie)?.value);
  return <Shell theme={theme}>{children}</Shell>;
}
