/**
 * Flags that the server is run with. A small young generation keeps a process under load below 150 MB, at some 5 % more CPU
 * than V8's default of 16 MB a half.
 */
export const nodeFlags = ["--max-semi-space-size=4"];
