// Links with data-petition become frames of the right height. A contract for years: docs/embed.md, version 1.
(function () {
  "use strict";
  var own = /^((\w+:\/\/[^/]+).*)\/embed\/1\/loader\.js/.exec((document.currentScript || {}).src);
  if (!own) return;

  function each(what, act) { [].forEach.call(document.querySelectorAll(what), act); }

  function place(link) {
    function given(name, wanted) {
      var said = (link.getAttribute("data-" + name) || "").toLowerCase().replace("#", "");
      return RegExp("^(" + wanted + ")$").test(said) ? said : "";
    }
    var way = /^\/([\w-]+)\/campaigns\/([\w-]+)([?#]|$)/.exec(link.href.slice(own[1].length));
    if (link.petition || link.href.indexOf(own[1]) || !way) return;
    var frame = link.petition = document.createElement("iframe"), partner = given("partner", "\\w{1,40}"), loads = 0;
    frame.petition = link;
    frame.title = link.textContent;
    frame.src = [own[1], "embed", link.getAttribute("data-language") || way[1], "campaigns", way[2], [
      given("size", "compact"), given("theme", "light|dark"), given("colour", "[0-9a-f]{6}"),
      given("text", "none") && "notext", partner && "by." + partner
    ].filter(Boolean).join("-")].filter(Boolean).join("/");
    frame.style.cssText = "display:block;width:100%;height:0;border:0;visibility:hidden";
    frame.onload = function () {
      // After the form comes a shorter page: nobody must be left below its end.
      if (loads++ && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    };
    link.parentNode.insertBefore(frame, link.nextSibling);
  }

  function all() { each("a[data-petition]", place); }

  addEventListener("message", function (event) {
    var height = event.data && event.data.petition === 1 && event.data.height;
    if (event.origin === own[2] && height > 0) each("iframe", function (frame) {
      if (!frame.petition || frame.contentWindow !== event.source) return;
      frame.style.height = Math.min(Math.max(height, 100), 10000) + "px";
      frame.style.visibility = "";
      frame.petition.style.display = "none";
    });
  });
  addEventListener("DOMContentLoaded", all);
  all();
})();
