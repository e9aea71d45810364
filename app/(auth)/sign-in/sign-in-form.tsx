"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { signIn } from "next-auth/react";
import { type FormEvent, useRef, useState } from "react";
import { Field } from "@/components/field";
import { destination, signInMessage } from "@/components/sign-in-message";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";

/** The password field; a refusal is said below it and the field is selected for another try. */
export function SignInForm() {
  const router = useRouter();
  const next = destination(useSearchParams().get("next"));
  const field = useRef<HTMLInputElement>(null);
  const [message, setMessage] = useState<string>();
  const [pending, setPending] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setPending(true);
    setMessage(undefined);
    const problem = await attempt(field.current?.value ?? "");
    if (problem === undefined) return router.replace(next);
    setPending(false);
    setMessage(problem);
    field.current?.select();
  };
  return (
    <form onSubmit={submit} className="space-y-3">
      <Field label="Password" error={message}>
        {(control) => (
          <Input
            {...control}
            ref={field}
            type="password"
            name="password"
            autoComplete="current-password"
            autoFocus
            required
            className="h-10"
          />
        )}
      </Field>
      <Button type="submit" variant="primary" size="lg" className="w-full" loading={pending}>
        Sign in
      </Button>
    </form>
  );
}

/** Undefined when the password was right, else what to tell. */
async function attempt(password: string): Promise<string | undefined> {
  try {
    const result = await signIn("credentials", { password, redirect: false });
    return result?.ok && !result.error ? undefined : signInMessage(result?.error);
  } catch {
    return "The server did not answer. Is it still running?";
  }
}
