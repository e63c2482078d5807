/* A page that changes under the reader: speaks a new answer, brings it into view, and asks before it is lost. */
function attend({ answer, said, photo, kept }) {
  const announcer = document.getElementById("announcer");
  window.onbeforeunload = kept ? (event) => event.preventDefault() : null;
  if (!announcer || announcer.dataset.answer === answer) return;
  const anotherPhoto = announcer.dataset.photo !== String(photo);
  announcer.dataset.answer = answer;
  announcer.dataset.photo = photo;
  announcer.textContent = said;
  if (!anotherPhoto) return;
  document.querySelector('[data-testid="stMain"]').scrollTo(0, 0);
  const find = (triesLeft) => {
    const heading = document.querySelector(`[data-photo="${photo}"][tabindex]`);
    if (heading) {
      heading.focus({ preventScroll: true });
      heading.scrollIntoView({ block: "nearest" });
    } else if (triesLeft) setTimeout(find, 50, triesLeft - 1);
  };
  find(40);
}
