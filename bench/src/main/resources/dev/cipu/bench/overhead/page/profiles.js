// Where processor time goes: samples by method, put together by what a method is there for.

const PIECES = [
  {title: 'rings', of: /^dev\.cipu\.virtio\.(driver|ring)\.|\.vhost\.backend\.Inflight/},
  {title: 'clock and latencies', of: /\.(LatencyRecorder|Latency)\.|\.nanoTime$|HdrHistogram/},
  {title: 'notifications, sleep', of: /\.shim\.posix\.|\.Worker\.(idle|arm|disarm|sleep|await)|\.QueueListener|Bell\b/},
  {title: 'frames and requests', of: /^dev\.cipu\.shim\.load\./},
  {title: 'switch, ports, stores', of: /^dev\.cipu\.dataplane\./},
  {title: 'copies, guest memory', of: /^dev\.cipu\.virtio\.memory\./},
];
const OTHER = 'other';

/** By the first that fits, since the general ones come after the special ones. */
function pieceOf(method) {
  const piece = PIECES.find(each => each.of.test(method));
  return piece ? piece.title : OTHER;
}

function total(profile) {
  return Object.values(profile.samples).reduce((sum, count) => sum + count, 0);
}

function pieceCount(profile, piece) {
  return Object.entries(profile.samples).filter(([method]) => pieceOf(method) === piece)
      .reduce((sum, [, count]) => sum + count, 0);
}

function showProfiles(article, grid, name) {
  const profiles = overhead.profiles.filter(profile => profile.work === name && total(profile) > 0);
  if (profiles.length === 0) {
    return;
  }
  const titles = profiles.map(profile => wayTitle(profile.way) + ', ' + profile.side);
  const pieces = [...PIECES.map(piece => piece.title), OTHER];
  chart(grid, 'Where the time of a thread goes',
      'Samples of its processor time by what the method is there for, in turns of their own. Only Java can be looked into.',
      Math.max(300, 110 + 24 * profiles.length), () => ({
        type: 'bar',
        data: {
          labels: titles,
          datasets: pieces.map((piece, index) => ({
            label: piece,
            counts: profiles.map(profile => pieceCount(profile, piece)),
            data: profiles.map(profile => 100 * pieceCount(profile, piece) / total(profile)),
            backgroundColor: colour('--piece-' + (index + 1)),
            maxBarThickness: 20,
          })).filter(set => set.counts.some(count => count > 0)),
        },
        options: {
          indexAxis: 'y',
          scales: {
            x: axis('percent of the samples', {stacked: true, max: 100}),
            y: axis('', {stacked: true, grid: {display: false}, ticks: {color: colour('--ink'), autoSkip: false}}),
          },
          plugins: {
            tooltip: {
              callbacks: {
                label: item => ' ' + item.dataset.label + ': ' + item.dataset.counts[item.dataIndex] + ' of '
                    + total(profiles[item.dataIndex]) + ' samples',
              },
            },
          },
        },
      }));
  article.append(el('details', null, el('summary', null, 'The methods'),
      el('div', {class: 'methods'}, ...profiles.map((profile, index) => methods(titles[index], profile)))));
}

const SHOWN = 10;

function methods(title, profile) {
  const most = Object.entries(profile.samples).sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  return el('div', null, el('h4', null, title + ' (' + total(profile) + ' samples)'),
      el('table', null, el('tbody', null, ...most.map(([method, count]) => el('tr', null,
          el('td', {title: method}, method.split('.').slice(-2).join('.')), el('td', null, String(count)))))));
}
