// Removes a second factor by the link of a mail. It takes a button: programs that look at links in mails must not do it.

const token = new URLSearchParams(location.hash.slice(1)).get("token");
// Out of the address bar and the history as well.
history.replaceState(null, "", location.pathname);

const form = document.getElementById("form");
const message = document.getElementById("message");

function done(text) {
  form.hidden = true;
  document.getElementById("words").hidden = true;
  message.textContent = text;
}

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch("/v1/auth/remove-second-factor", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (answer.ok) return done("The second factor is removed. We have mailed you a link to set a new password.");
    const problem = await answer.json();
    if (problem.code === "linkInvalid") return done("This link does not work any more: it was used, it is too old, or the second factor is off already.");
    message.textContent = problem.detail ?? problem.title;
  } catch {
    message.textContent = "The server cannot be reached. Try again.";
  } finally {
    button.disabled = false;
  }
}

if (token) form.addEventListener("submit", submit);
else done("This link is not whole. Open it from the mail again.");
