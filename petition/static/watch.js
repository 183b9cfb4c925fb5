// Shows how far long work is, every few seconds, for as long as some of it is open. Without it "Look again" does.
(function () {
  "use strict";
  var shown = document.getElementById("watched");
  if (!shown || !window.fetch || !window.DOMParser) return;

  function put(page) {
    var fresh = new DOMParser().parseFromString(page, "text/html").getElementById("watched");
    // Whoever is on a button in it must not lose their place.
    if (!fresh || shown.contains(document.activeElement)) return;
    shown.innerHTML = fresh.innerHTML;
    if (!fresh.hasAttribute("data-open")) clearInterval(turn);
  }

  var turn = setInterval(function () {
    if (document.hidden) return;
    fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
      return answer.ok && !answer.redirected ? answer.text().then(put) : null;
    }).catch(function () {});
  }, 2000);
})();
