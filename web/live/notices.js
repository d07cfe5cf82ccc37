// What happened to the user while a page was open or away: shown once each, then told the server as seen.

/** The sentence for a notice, or null for a kind that this page does not know. */
export function words(notice) {
  if (notice.kind !== "goalMilestone") return null;
  return notice.percent === 100 ? `“${notice.title}”: reached!` : `“${notice.title}”: ${notice.percent} % of the way.`;
}

/** Shows each notice of a connection with `show(sentence, id)`; a lost answer only means that it is told again. */
export function followNotices(connection, show) {
  const shown = new Set();
  connection.addEventListener("push", ({ detail: frame }) => {
    if (frame.type !== "notice") return;
    const sentence = words(frame);
    if (sentence === null) return;
    if (!shown.has(frame.noticeId)) show(sentence, frame.noticeId);
    shown.add(frame.noticeId);
    connection.request("seen", { noticeIds: [frame.noticeId] }).catch(() => {});
  });
}
