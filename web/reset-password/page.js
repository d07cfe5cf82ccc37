// Sets a new password by the link of a mail. The token stands behind #, so that no server sees it in an address.

const token = new URLSearchParams(location.hash.slice(1)).get("token");
// Out of the address bar and the history as well.
history.replaceState(null, "", location.pathname);

const form = document.getElementById("form");
const message = document.getElementById("message");

function done(text) {
  form.hidden = true;
  message.textContent = text;
}

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch("/v1/auth/reset-password", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, password: document.getElementById("password").value }),
    });
    if (answer.ok) return done("Your password is set. Sign in with it.");
    const problem = await answer.json();
    if (problem.code === "linkInvalid") return done("This link does not work any more. Ask for another mail.");
    message.textContent = problem.errors?.[0]?.detail ?? problem.title;
  } catch {
    message.textContent = "The server cannot be reached. Try again.";
  } finally {
    button.disabled = false;
  }
}

if (token) form.addEventListener("submit", submit);
else done("This link is not whole. Open it from the mail again.");
