// Says when an event is by the reader's own clock, where that differs from the place's.
(function () {
  "use strict";
  var language = document.documentElement.lang;
  if (language === "en") language = "en-GB";

  function ahead(written) {
    var found = /([+-])(\d\d):(\d\d)$/.exec(written);
    return found ? (found[1] === "-" ? -1 : 1) * (60 * found[2] + 1 * found[3]) : 0;
  }

  function same(written) {
    return !written || -new Date(written).getTimezoneOffset() === ahead(written);
  }

  function say(date, options) {
    return new Intl.DateTimeFormat(language, options).format(date);
  }

  function day(date) {
    return say(date, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  }

  function hour(date) {
    return say(date, { hour: "2-digit", minute: "2-digit" });
  }

  function zone(date) {
    var parts = new Intl.DateTimeFormat(language, { timeZoneName: "long" }).formatToParts(date);
    return parts.filter(function (part) { return part.type === "timeZoneName"; })[0].value;
  }

  [].forEach.call(document.querySelectorAll("[data-starts]"), function (line) {
    var starts = line.getAttribute("data-starts"), ends = line.getAttribute("data-ends");
    if (same(starts) && same(ends)) return;
    var from = new Date(starts), to = ends && new Date(ends), words = { day: day(from), start: hour(from), zone: zone(from) };
    var which = "data-start";
    if (to) {
      words.end = hour(to);
      words.last = day(to);
      which = words.day === words.last ? "data-day" : "data-days";
    }
    line.textContent = line.getAttribute(which).replace(/\{(\w+)\}/g, function (_all, name) { return words[name]; });
    line.hidden = false;
  });
})();
