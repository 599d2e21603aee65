// Shows one part after the other. A part that cannot be shown says so, and the others are there all the same.

function fail(where, error) {
  const box = id('errors');
  box.hidden = false;
  box.append(where + ': ' + (error && error.message ? error.message : error) + '\n');
}

addEventListener('error', event => fail('page', event.error || event.message));

function part(name, show) {
  try {
    show();
  } catch (error) {
    fail(name, error);
  }
}

function showContents() {
  const sections = [...document.querySelectorAll('main > section')];
  id('contents').append(...sections.map(section => el('a', {href: '#' + section.id},
      section.dataset.name)));
}

part('headline', showHeadline);
part('warnings', showWarnings);
part('cores', showCores);
part('marks', showMarks);
part('verdicts', showVerdicts);
part('ways', showWays);
overhead.works.forEach((row, index) => part(row.name, () => showWork(row, index)));
part('server', showServer);
part('festival', showFestival);
part('noise', showNoise);
part('left out', showLeftOut);
part('sources', showSources);
part('repeat', showRepeat);
part('contents', showContents);
document.documentElement.dataset.ready = 'true';
