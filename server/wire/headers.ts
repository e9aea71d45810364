/** Headers in which callers' dialects say what changes an answer: versions and betas that they ask for. */
export const DIALECT_HEADERS = ["anthropic-beta", "anthropic-version", "openai-beta"] as const;
