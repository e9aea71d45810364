/** Names a Redis at which nobody listens. The environment is read when server modules are loaded: a test imports this first. */
process.env.REDIS_URL = "redis://127.0.0.1:1";
process.env.CONDUIT_LOG_LEVEL = "silent";
