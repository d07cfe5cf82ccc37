// REST calls under /v1: JSON in, JSON out, refusals as ApiError.

/** A problem the server described, or `status` 0 when it could not be reached. */
export class ApiError extends Error {
  /** `retryAfter` is the seconds after which to try again, where the server says so. */
  constructor(status, problem = {}, retryAfter = null) {
    super(words(status, problem, retryAfter));
    this.status = status;
    this.code = problem.code;
    /** With `secondFactorRequired`: goes along with the code. */
    this.challenge = problem.challenge;
    /** Faults by member, for forms. */
    this.faults = problem.errors ?? [];
  }

  get isOutOfReach() { return this.status === 0 || this.status === 503; }
}

function words(status, { detail, title }, retryAfter) {
  const text = detail ?? title ?? (status === 0 ? "The server cannot be reached." : `Status ${status}`);
  return status === 429 && retryAfter > 0 ? `${text.replace(/\.?$/, ".")} Try again in ${span(retryAfter)}.` : text;
}

/** Seconds as people say them: "1 second", "45 seconds", "15 minutes". */
function span(seconds) {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** One request; `token` goes along as Bearer. */
export async function call(method, path, { body, token, headers = {} } = {}) {
  let response;
  try {
    response = await fetch(`/v1${path}`, {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: {
        ...body !== undefined && { "content-type": "application/json" },
        ...token && { authorization: `Bearer ${token}` },
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0);
  }
  const text = await response.text();
  const isJSON = /json/.test(response.headers.get("content-type") ?? "");
  const value = isJSON && text ? JSON.parse(text) : {};
  if (!response.ok) throw new ApiError(response.status, value, Number(response.headers.get("retry-after")));
  return value;
}
