import { h } from "./dom.js";
import { toast } from "./toasts.js";

/** Of a code of the authenticator app, or a recovery code. */
export const wrongCode = "The code is incorrect. Each code works once: if you have just used this one, use the next one.";

/** What is said of one mail takes the place of what was said of the last. */
const SUBJECT = "verification";

/** Has the verification mail sent again, and says whether one comes. */
export async function sendVerification(session) {
  try {
    await session.request("POST", "/auth/resend-verification", {});
    await session.reload();
    toast(session.user.isVerified ? "Your email address is verified already." : "A new link is on its way.", SUBJECT);
  } catch (error) {
    toast(error.message, SUBJECT);
  }
}

/** What a refusal says, with the button that helps where the address has to be verified first. */
export function refusal(error, session) {
  if (error.code === "codeWrong") return [wrongCode];
  const text = error.faults?.[0]?.detail ?? error.message;
  if (error.code !== "emailUnverified") return [text];
  return [h("span", `Verify your email address first: open the link we sent to ${session.user.email}. `),
    h("button.small", { type: "button", onclick: () => sendVerification(session) }, "Send again")];
}
