// What a work's table shows, easier to see than to read: where processor time went, and how latency spreads.

const PARTS = [
  {title: 'driver, working', colour: '--part-work', figure: () => 'driverWorkNanosPerOp'},
  {title: 'driver, waiting', colour: '--part-wait', figure: () => 'waitingNanosPerOp'},
  {title: 'device, on the host', colour: '--part-host', figure: way => way.hostDevice ? 'deviceCpuNanosPerOp' : null},
  {title: 'device, on the card', colour: '--part-card', figure: way => way.hostDevice ? null : 'deviceCpuNanosPerOp'},
];

/** A bar so much longer than all others would leave nothing to see of them; it is cut off. */
const FAR_LONGER = 5;

/** Where the axis ends, if not with the longest bar. */
function cutAt(totals) {
  const sorted = [...totals].sort((a, b) => b - a);
  if (sorted.length < 3 || sorted[0] <= FAR_LONGER * sorted[1]) {
    return undefined;
  }
  const step = 10 ** Math.floor(Math.log10(sorted[1])) / 2;
  return step * Math.ceil(1.1 * sorted[1] / step);
}

function timeChart(into, row, ways) {
  const totals = ways.map(way => PARTS.map(part => part.figure(way) && valueOf(row.name + '/' + way.id + '/' + part.figure(way)))
      .reduce((sum, value) => sum + (value || 0), 0));
  const end = cutAt(totals);
  chart(into, 'Processor time of one operation',
      'Of host and card. What stands for the device where there is none runs where the card would.'
          + (end ? ' A bar with an arrow is longer than there is room for.' : ''),
      300, () => ({
        type: 'bar',
        data: {
          labels: ways.map((way, index) => way.title + (end && totals[index] > end ? ' \u2192' : '')),
          datasets: PARTS.map(part => {
            const ids = ways.map(way => part.figure(way) ? row.name + '/' + way.id + '/' + part.figure(way) : null);
            return {label: part.title, ids, data: ids.map(valueOf), backgroundColor: colour(part.colour), maxBarThickness: 22};
          }),
        },
        options: {
          indexAxis: 'y',
          scales: {
            x: axis('ns', {stacked: true, max: end, ticks: {maxRotation: 0}}),
            y: axis('', {stacked: true, grid: {display: false}, ticks: {color: colour('--ink')}}),
          },
          plugins: {tooltip: tooltip()},
        },
      }));
}

/** Of so many operations one is slower. */
const SHARES = new Map([[2, '50 %'], [10, '90 %'], [100, '99 %'], [1e3, '99.9 %'], [1e4, '99.99 %'], [1e5, '99.999 %'],
  [1e6, '99.9999 %']]);

function latencyChart(into, name, operation, ways) {
  const curves = ways.map(way => ({
    way,
    curve: overhead.curves.find(each => each.work === name && each.way === way.id && each.operation === operation),
  })).filter(each => each.curve && each.curve.points.length > 0);
  if (curves.length === 0) {
    return;
  }
  const sharing = overhead.ways.filter(way => way.measuredAs !== way.id && curves.some(each => each.way.id === way.measuredAs));
  chart(into, 'Latency of ' + (operation === 'packet' ? 'a packet' : 'an I/O'),
      'So many percent took at most so long; the sample whose median is the median of all.'
      + sharing.map(way => ' ' + way.title + ': as ' + wayTitle(way.measuredAs) + '.').join(''),
      300, () => {
        const datasets = curves.map(({way, curve}) => ({
          label: way.title,
          data: curve.points.filter(point => point.fraction < 1)
              .map(point => ({x: 1 / (1 - point.fraction), y: point.nanos / 1e3})),
          borderColor: colour(wayColour(way.id)),
          backgroundColor: colour(wayColour(way.id)),
          borderWidth: 2,
          pointRadius: 0,
          pointHitRadius: 6,
        }));
        const all = datasets.flatMap(set => set.data);
        const last = Math.max(10, ...all.map(point => point.x));
        return {
          type: 'line',
          data: {datasets},
          options: {
            scales: {
              x: axis('percent of all', {
                type: 'logarithmic',
                min: 1,
                max: last,
                afterBuildTicks: scale => {
                  scale.ticks = [...SHARES.keys()].filter(share => share <= last).map(value => ({value}));
                },
                ticks: {callback: value => SHARES.get(value) || '', autoSkip: false, maxRotation: 0},
              }),
              y: logAxis('', all.map(point => point.y), timeLabel),
            },
            plugins: {
              tooltip: {
                callbacks: {
                  title: items => items[0] ? digits(100 * (1 - 1 / items[0].raw.x)) + ' %' : '',
                  label: item => ' ' + item.dataset.label + ': ' + timeLabel(item.raw.y),
                },
              },
            },
          },
        };
      });
}

