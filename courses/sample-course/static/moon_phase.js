// The Moon's age moves the Moon and stretches the sea. The grade is decided by the problem, not here.
var MoonPhase = (function () {
  'use strict';

  var MONTH = 29.53; // days from one new moon to the next
  var SUN = 0.46; // height of the Sun's tide, the Moon's being 1
  var slider = document.getElementById('day');

  function phaseName(day) {
    var names = ['new moon', 'waxing crescent', 'first quarter', 'waxing gibbous',
      'full moon', 'waning gibbous', 'last quarter', 'waning crescent'];
    return names[Math.round(day / MONTH * 8) % 8];
  }

  function draw() {
    var day = Number(slider.value);
    var angle = 2 * Math.PI * day / MONTH;
    var range = Math.sqrt(1 + SUN * SUN + 2 * SUN * Math.cos(2 * angle));
    // The combined bulge lies between the line to the Moon and the line to the Sun.
    var axis = Math.atan2(Math.sin(2 * angle), Math.cos(2 * angle) + SUN) / 2;
    var sea = document.getElementById('sea');
    var moon = document.getElementById('moon');
    moon.setAttribute('cx', 230 + 95 * Math.cos(angle));
    moon.setAttribute('cy', 115 - 95 * Math.sin(angle));
    sea.setAttribute('rx', 42 + 14 * range);
    sea.setAttribute('ry', 42 - 5 * range);
    sea.setAttribute('transform', 'rotate(' + (-axis * 180 / Math.PI) + ' 230 115)');
    document.getElementById('caption').textContent = 'Day ' + day + ', ' + phaseName(day) +
      ': the range is ' + Math.round(range * 100) + ' % of what the Moon alone would make.';
  }

  function getState() {
    return JSON.stringify({day: Number(slider.value)});
  }

  function setState(state) {
    var value = typeof state === 'string' ? JSON.parse(state) : state;
    slider.value = value.day;
    draw();
  }

  slider.addEventListener('input', draw);
  draw();

  return {getGrade: getState, getState: getState, setState: setState};
}());
