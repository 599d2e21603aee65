// What each way takes when it is not at its limit: a queue of an instance has part of what the instance may use to do.

const BUSIEST = 'busiest';

function levelId(name, way, level, figure) {
  return 'level/' + name + '/' + way.id + '/' + level + '/' + figure;
}

/** The levels of a work: percents ascending, and the busiest last. */
function levelsOf(name) {
  const found = new Set(overhead.figures.map(figure => figure.id.split('/'))
      .filter(parts => parts[0] === 'level' && parts[1] === name && parts[4] === 'hostCores').map(parts => parts[3]));
  const rank = level => level === BUSIEST ? Infinity : Number(level);
  return [...found].sort((a, b) => rank(a) < rank(b) ? -1 : 1);
}

function levelTitle(level) {
  return level === BUSIEST ? BUSIEST : level + ' %';
}

function levelChart(into, name, ways) {
  const levels = levelsOf(name);
  // at the busiest alone there is nothing that a line could show
  if (levels.length < 2) {
    return;
  }
  const percents = levels.filter(level => level !== BUSIEST).map(levelTitle);
  chart(into, 'Rate against host cores',
      'At ' + percents.join(', ') + ' of what one queue of an instance may do; the last point of a line is its way at its busiest.',
      300, () => {
        const datasets = ways.map(way => {
          const at = levels.filter(level => valueOf(levelId(name, way, level, 'rate')) > 0
              && valueOf(levelId(name, way, level, 'hostCores')) !== null);
          return {
            label: way.title,
            ids: at.map(level => levelId(name, way, level, 'hostCores')),
            data: at.map(level => ({
              x: valueOf(levelId(name, way, level, 'rate')),
              y: valueOf(levelId(name, way, level, 'hostCores')),
            })),
            borderColor: colour(wayColour(way.id)),
            backgroundColor: colour(wayColour(way.id)),
            borderWidth: 2,
            pointRadius: 4,
          };
        }).filter(set => set.data.length > 0);
        return {
          type: 'line',
          data: {datasets},
          options: {
            scales: {
              x: logAxis('operations a second', datasets.flatMap(set => set.data.map(point => point.x)), rateLabel),
              y: axis('host cores', {min: 0}),
            },
            plugins: {
              tooltip: {
                callbacks: {
                  title: items => items[0] ? rateLabel(items[0].raw.x) + '/s' : '',
                  label: item => ' ' + item.dataset.label + ': ' + digits(item.raw.y) + ' host cores',
                },
              },
            },
          },
        };
      });
}

/** The numbers of the chart, and what an operation cost at each level. */
function levelTable(name, ways) {
  const levels = levelsOf(name);
  if (levels.length < 2) {
    return null;
  }
  const body = el('tbody');
  for (const [figure, title] of [['rate', 'Operations a second'], ['hostCores', 'Host cores'],
    ['costNanosPerOp', 'Cost of virtualization, ns for one']]) {
    body.append(el('tr', {class: 'group'}, el('th', {colspan: ways.length + 1}, title)));
    for (const level of levels.filter(each => ways.some(way => figures.has(levelId(name, way, each, figure))))) {
      body.append(el('tr', null, el('th', {scope: 'row'}, levelTitle(level)),
          ...ways.map(way => cell(levelId(name, way, level, figure)))));
    }
  }
  return el('details', null, el('summary', null, 'What part of a load costs'),
      el('div', {class: 'wide'}, el('table', {class: 'ways'},
          el('thead', null, el('tr', null, el('th', null, 'Of a queue\u2019s part of the limits'),
              ...ways.map(way => el('th', null, chip(wayColour(way.id)), way.title)))), body)));
}
