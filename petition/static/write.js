// Beside a text in Markdown: what it becomes, made by the server while one types. And buttons that insert.
(function () {
  "use strict";
  var areas = document.querySelectorAll("textarea[data-look]");
  if (!window.fetch || !window.URLSearchParams || !areas.length) return;

  Array.prototype.forEach.call(areas, function (area) {
    var pane = document.getElementById("pane-" + area.name), token = area.form.elements.csrf_token;
    var timer, asked = 0, shown = "";
    if (!pane) return;
    function look() {
      var source = area.value, mine = ++asked;
      if (source === shown) return;
      if (!source.trim()) { pane.hidden = true; shown = source; return; }
      fetch(area.dataset.look, {
        method: "POST", credentials: "same-origin", redirect: "error",
        body: new URLSearchParams({ csrf_token: token.value, source: source, form: area.dataset.form || "" })
      }).then(function (answer) {
        return answer.ok ? answer.text() : null;
      }).then(function (html) {
        // Only the newest question counts; the answer was sanitised by the server.
        if (html === null || mine !== asked) return;
        shown = source;
        pane.innerHTML = html;
        pane.hidden = false;
      }).catch(function () {});
    }
    area.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(look, 400); });
    area.addEventListener("focus", look);
    if (document.activeElement === area) look();
  });

  function insert(area, words) {
    var at = area.selectionStart, before = area.value.slice(0, at), after = area.value.slice(area.selectionEnd);
    var lead = !before || /\n\n$/.test(before) ? "" : "\n\n", tail = /^\n\n/.test(after) ? "" : "\n\n";
    area.value = before + lead + words + tail + after;
    area.focus();
    area.selectionStart = area.selectionEnd = (before + lead + words).length;
    area.dispatchEvent(new Event("input"));
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-insert]"), function (button) {
    button.parentNode.hidden = false;
    button.addEventListener("click", function () {
      insert(document.getElementById(button.dataset.into), button.dataset.insert);
    });
  });

  var zone = document.querySelector("input[data-zone]");
  if (zone && window.Intl) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;
})();
