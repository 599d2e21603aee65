// How charts look: one colour for each way wherever it appears, axes with their units, nothing that moves.

const charts = [];
Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;

/** A colour of the style sheet, which has one set for light and one for dark. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888888';
}

const KNOWN = ['bare', 'card', 'poll', 'poll-peer', 'interrupt', 'vmm', 'published'];

/** The name of a way's colour. */
function wayColour(way) {
  if (KNOWN.includes(way)) {
    return '--way-' + way;
  }
  const others = overhead.ways.map(each => each.id).filter(each => !KNOWN.includes(each));
  return '--way-other-' + (1 + Math.max(0, others.indexOf(way)) % 2);
}

function wayTitle(way) {
  const found = overhead.ways.find(each => each.id === way);
  return found ? found.title : way === 'published' ? 'Published, software' : way;
}

function chip(variable) {
  return el('span', {class: 'chip', style: 'background: var(' + variable + ')'});
}

/** Settings of a chart's axis. */
function axis(title, more) {
  return {
    title: {display: Boolean(title), text: title, color: colour('--soft'), font: {size: 12}},
    grid: {color: colour('--grid')},
    border: {color: colour('--line')},
    ticks: {color: colour('--soft'), font: {size: 12}, ...(more && more.ticks)},
    ...Object.fromEntries(Object.entries(more || {}).filter(([key]) => key !== 'ticks')),
  };
}

const isDecade = value => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;

/** Ends of a logarithmic axis: whole decades around all values, so that labels are never crowded. */
function decades(values) {
  const some = values.filter(value => value > 0);
  if (some.length === 0) {
    return {min: 1, max: 10};
  }
  const min = 10 ** Math.floor(Math.log10(Math.min(...some)));
  const max = 10 ** Math.ceil(Math.log10(Math.max(...some)));
  return {min, max: max > min ? max : min * 10};
}

/** A logarithmic axis with a label at each decade. */
function logAxis(title, values, label) {
  return axis(title, {
    type: 'logarithmic',
    ...decades(values),
    afterBuildTicks: scale => {
      scale.ticks = [];
      for (let at = scale.min; at <= scale.max * 1.0001; at *= 10) {
        scale.ticks.push({value: at});
      }
    },
    ticks: {callback: value => isDecade(value) ? label(value) : '', autoSkip: false, maxRotation: 0},
  });
}

/** Microseconds as an axis shows them. */
function timeLabel(micros) {
  if (micros >= 999999) {
    return digits(micros / 1e6) + ' s';
  }
  if (micros >= 999.9) {
    return digits(micros / 1e3) + ' ms';
  }
  return micros >= 0.999 ? digits(micros) + ' \u00b5s' : digits(micros * 1e3) + ' ns';
}

function rateLabel(value) {
  return format(value, '1/s');
}

/**
 * Draws a chart below what is already there.
 *
 * @param settings makes the library's settings; asked again when the colours change
 */
function chart(into, title, note, height, settings) {
  const canvas = el('canvas', {role: 'img', 'aria-label': title + (note ? '. ' + note : '')});
  const figure = el('figure', null,
      el('figcaption', null, title, note ? el('small', null, note) : null),
      el('div', {class: 'canvas', style: 'height: ' + height + 'px'}, canvas));
  into.append(figure);
  const entry = {canvas, settings, drawn: null};
  charts.push(entry);
  draw(entry);
}

/** The same squares below all charts, whether they have bars or lines. */
function legend(drawn) {
  return Chart.defaults.plugins.legend.labels.generateLabels(drawn)
      .map(label => ({...label, lineWidth: 0, lineDash: [], borderRadius: 2}));
}

function draw(entry) {
  if (entry.drawn) {
    entry.drawn.destroy();
  }
  const {type, data, options} = entry.settings();
  entry.drawn = new Chart(entry.canvas, {
    type,
    data,
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      devicePixelRatio: Math.max(2, window.devicePixelRatio || 1),
      onClick: (event, elements) => open(data, elements),
      ...options,
      plugins: {
        legend: {
          position: 'bottom',
          labels: {
            color: colour('--ink'), boxWidth: 12, boxHeight: 12, padding: 12, font: {size: 12},
            generateLabels: legend,
            sort: (a, b) => a.datasetIndex - b.datasetIndex,
          },
        },
        ...options.plugins,
      },
    },
  });
}

/** A point of a chart leads to where its number comes from, as a number in a text does. */
function open(data, elements) {
  const hit = elements[0];
  const ids = hit && data.datasets[hit.datasetIndex].ids;
  const figure = ids && figures.get(ids[hit.index]);
  if (figure) {
    trace(figure);
  }
}

/** What a tooltip says of a point: the figure's own value and unit. */
function tooltip() {
  return {
    callbacks: {
      label: item => {
        const ids = item.dataset.ids;
        const figure = ids && figures.get(ids[item.dataIndex]);
        return ' ' + item.dataset.label + ': '
            + (figure ? format(figure.value, figure.unit) + ' ' + unitOf(figure) : digits(item.raw));
      },
    },
  };
}

function valueOf(figureId) {
  const figure = figures.get(figureId);
  return figure && Number.isFinite(figure.value) ? figure.value : null;
}

function repaint() {
  charts.forEach(draw);
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
// paper is white, whatever the screen is
addEventListener('beforeprint', () => {
  document.documentElement.dataset.paper = 'true';
  repaint();
});
addEventListener('afterprint', () => {
  delete document.documentElement.dataset.paper;
  repaint();
});
