// Uncovers the phone's own share sheet and "copy the link" where the browser has them.
(function () {
  "use strict";
  var row = document.querySelector(".share");
  if (!row) return;
  var address = row.getAttribute("data-address"), title = row.getAttribute("data-title");

  function offer(name, possible, act) {
    var button = row.querySelector("[data-do=" + name + "]");
    if (!possible) return;
    button.parentNode.hidden = false;
    button.addEventListener("click", function () { act(button); });
  }

  offer("share", navigator.share, function () {
    navigator.share({ title: title, url: address }).catch(function () { /* closed without sharing */ });
  });
  offer("copy", navigator.clipboard, function (button) {
    navigator.clipboard.writeText(address).then(function () {
      button.querySelector("span").textContent = button.getAttribute("data-done");
    }, function () {
      window.getSelection().selectAllChildren(document.getElementById("share-address"));
    });
  });
})();
