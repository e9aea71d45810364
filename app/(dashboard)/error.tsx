"use client";

// A page that fails leaves the navigation around it standing.
export { default } from "../error";
