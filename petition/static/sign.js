// Says what is missing before the form is sent, and sends it once. Without it the server says the same.
(function () {
  "use strict";
  var form = document.querySelector("form[data-check]");
  if (!form || !form.querySelector) return;
  var button = form.querySelector("button"), words = button.textContent;
  var summary = document.getElementById("errors");

  function clear(field) {
    var old = document.getElementById("e-" + field.name), hint = document.getElementById("h-" + field.name);
    if (old) old.parentNode.removeChild(old);
    field.removeAttribute("aria-invalid");
    if (hint) field.setAttribute("aria-describedby", hint.id); else field.removeAttribute("aria-describedby");
    field.parentNode.className = "field";
  }

  function complain(field) {
    var say = document.createElement("p"), described = field.getAttribute("aria-describedby");
    say.className = "error";
    say.id = "e-" + field.name;
    say.textContent = field.getAttribute("data-say");
    field.parentNode.className = "field wrong";
    field.parentNode.insertBefore(say, field);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", described ? say.id + " " + described : say.id);
  }

  function list(wrong) {
    var items = summary.querySelector("ul");
    items.textContent = "";
    wrong.forEach(function (field) {
      var item = document.createElement("li"), link = document.createElement("a");
      link.href = "#" + field.id;
      link.textContent = field.getAttribute("data-say");
      item.appendChild(link);
      items.appendChild(item);
    });
    summary.hidden = false;
    summary.focus();
  }

  function lacking(field) {
    return !field.value.trim() || (field.type === "email" && !/^\S[^@]*@[^@]*\S$/.test(field.value.trim()));
  }

  form.addEventListener("submit", function (event) {
    if (button.disabled) return event.preventDefault();
    var wrong = [].filter.call(form.querySelectorAll("[data-say]"), function (field) {
      clear(field);
      return lacking(field);
    });
    wrong.forEach(complain);
    if (wrong.length && summary) {
      event.preventDefault();
      return list(wrong);
    }
    button.disabled = true;
    button.textContent = form.getAttribute("data-sending");
  });

  // Coming back by the browser's own button finds the page as it was left: the button must work again.
  window.addEventListener("pageshow", function () {
    button.disabled = false;
    button.textContent = words;
  });
})();
