// Beside a text to copy: a button that copies it, where the browser can.
(function () {
  "use strict";
  if (!navigator.clipboard) return;
  [].forEach.call(document.querySelectorAll("[data-copy]"), function (button) {
    button.parentNode.hidden = false;
    button.addEventListener("click", function () {
      var area = document.getElementById(button.getAttribute("data-copy"));
      navigator.clipboard.writeText(area.value).then(function () {
        button.querySelector("span").textContent = button.getAttribute("data-done");
      }, function () { area.select(); });
    });
  });
})();
