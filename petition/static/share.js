// Uncovers what a browser can do beyond plain links: the phone's own way of sharing, copying, printing.
(function () {
  "use strict";

  function offer(name, possible, act) {
    var button = document.querySelector("[data-do=" + name + "]");
    if (!button || !possible) return;
    button.parentNode.hidden = false;
    button.addEventListener("click", function () { act(button, button.getAttribute("data-address")); });
  }

  offer("share", navigator.share, function (button, address) {
    var title = button.parentNode.parentNode.getAttribute("data-title");
    navigator.share({ title: title, url: address }).catch(function () { /* closed without sharing */ });
  });
  offer("copy", navigator.clipboard, function (button, address) {
    navigator.clipboard.writeText(address).then(function () {
      button.querySelector("span").textContent = button.getAttribute("data-done");
    }, function () {
      window.getSelection().selectAllChildren(document.getElementById("share-address"));
    });
  });
  offer("print", window.print, function () { window.print(); });
})();
