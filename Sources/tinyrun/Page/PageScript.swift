/// A page's script. All text from the model goes through `textContent`: nothing is ever read as markup.
enum PageScript {
  static let text = "(() => {\n'use strict';\n" + panel + view + check + "})();\n"

  /// The model's data, and the details of what is chosen.
  static let panel = #"""
    const model = JSON.parse(document.getElementById('model').textContent);
    const graphs = new Map(model.graphs.map((graph) => [graph.index, graph]));
    const $ = (id) => document.getElementById(id);
    const view = $('view'), panel = $('panel');
    let shown = model.graphs.length ? model.graphs[0].index : -1;

    for (const graph of model.graphs) {
      graph.maker = new Map();
      graph.readers = new Map();
      graph.operators.forEach((op, index) => {
        for (const tensor of op.out) if (!graph.maker.has(tensor)) graph.maker.set(tensor, index);
        for (const tensor of op.in) {
          if (!graph.readers.has(tensor)) graph.readers.set(tensor, []);
          const readers = graph.readers.get(tensor);
          if (readers[readers.length - 1] !== index) readers.push(index);
        }
      });
    }

    function make(tag, name, ...children) {
      const element = document.createElement(tag);
      if (name) element.className = name;
      for (const child of children) {
        if (child !== null && child !== undefined && child !== '') element.append(child);
      }
      return element;
    }

    function chart(name, label, values, colours) {
      const space = 'http://www.w3.org/2000/svg';
      const svg = document.createElementNS(space, 'svg');
      svg.setAttribute('class', name);
      svg.setAttribute('viewBox', `0 0 ${values.length} 100`);
      svg.setAttribute('preserveAspectRatio', 'none');
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', label);
      const most = values.reduce((most, value) => Math.max(most, value || 0), 0) || 1;
      values.forEach((value, index) => {
        const height = (value || 0) / most * 96;
        if (height <= 0) return;
        const bar = document.createElementNS(space, 'rect');
        bar.setAttribute('x', index + 0.06);
        bar.setAttribute('width', 0.88);
        bar.setAttribute('y', 100 - Math.max(1.5, height));
        bar.setAttribute('height', Math.max(1.5, height));
        svg.append(bar);
      });
      return svg;
    }

    const plain = (value) => value === null ? '?' : String(Number(Number(value).toPrecision(5)));
    function size(bytes) {
      if (bytes < 1024) return `${bytes} B`;
      for (const unit of ['KiB', 'MiB']) {
        bytes /= 1024;
        if (bytes < 1024) return `${bytes.toFixed(1)} ${unit}`;
      }
      return `${(bytes / 1024).toFixed(1)} GiB`;
    }
    const count = (value) => value.toLocaleString('en');
    const shape = (sizes) => sizes.length ? sizes.join('×') : 'scalar';

    function list(pairs) {
      const box = make('dl');
      for (const [name, value] of pairs) {
        if (value === null || value === undefined || value === '') continue;
        box.append(make('dt', '', name), make('dd', '', value));
      }
      return box;
    }

    function operatorLink(graph, index) {
      const button = make('button', 'link', `${index} ${graph.operators[index].name}`);
      button.type = 'button';
      button.addEventListener('click', () => chooseOperator(index, true));
      return button;
    }

    function histogram(data) {
      const box = make('div');
      const range = (from, to) => from === to ? plain(from) : `${plain(from)} to ${plain(to)}`;
      // Of equal values there is nothing to draw.
      if (data.min !== data.max) {
        box.append(chart('chart', `${data.bins.length} bins from ${range(data.min, data.max)}`, data.bins));
        box.append(make('div', 'ends', make('span', '', plain(data.min)), make('span', '', plain(data.max))));
      }
      let text = `stored ${range(data.min, data.max)}`;
      if (data.real_min !== data.min || data.real_max !== data.max) {
        text += `, real ${range(data.real_min, data.real_max)}`;
      }
      text += `; ${(data.zeros / data.samples * 100).toFixed(1)} % are 0`;
      if (data.not_finite) text += `; ${count(data.not_finite)} are not finite`;
      if (data.samples < data.count) text += `; of ${count(data.samples)} of ${count(data.count)} values`;
      else text += `; ${count(data.count)} value${data.count === 1 ? '' : 's'}`;
      box.append(make('p', 'small', text));
      return box;
    }

    function quantization(data) {
      const box = make('div', '', make('p', 'small', data.text));
      if (!data.scales) return box;
      const zero = data.zero_min === data.zero_max ? data.zero_min : `${data.zero_min} to ${data.zero_max}`;
      box.append(chart('chart low', `scales of ${data.count} channels`, data.scales));
      const part = data.scales.length < data.count ? ` (${data.scales.length} are drawn)` : '';
      const range = `scales ${plain(data.scale_min)} to ${plain(data.scale_max)}${part}`;
      box.append(make('p', 'small', `${range}; zero point ${zero}`));
      return box;
    }

    function tensorBox(graph, index, role) {
      if (index === -1) return make('div', 'tensor', make('p', 'small', `${role}: left out`));
      const tensor = graph.tensors[index];
      if (!tensor) return make('div', 'tensor', make('p', 'small', `${role}: tensor ${index} is not described`));
      const box = make('div', 'tensor', make('p', 'small', `${role}, tensor ${index}`));
      box.append(make('b', '', tensor.name || '(no name)'));
      let line = `${shape(tensor.shape)} ${tensor.type}`;
      if (tensor.free) line += `, of ${shape(tensor.free)}`;
      if (tensor.bytes) line += `, ${size(tensor.bytes)}`;
      if (tensor.kinds) line += `, ${tensor.kinds.join(', ')}`;
      box.append(make('p', '', line));
      if (tensor.quantization) box.append(quantization(tensor.quantization));
      if (tensor.histogram) box.append(histogram(tensor.histogram));
      if (tensor.place) box.append(make('p', 'small', tensor.place));
      const maker = graph.maker.get(index), readers = graph.readers.get(index) || [];
      if (role.startsWith('input') && maker !== undefined) {
        box.append(make('p', 'small', 'made by ', operatorLink(graph, maker)));
      }
      if ((role.startsWith('output') || maker === undefined) && readers.length > 0 && !tensor.histogram) {
        const line = make('p', 'small', 'read by ');
        readers.slice(0, 12).forEach((reader, place) => line.append(place ? ', ' : '', operatorLink(graph, reader)));
        if (readers.length > 12) line.append(` and ${readers.length - 12} more`);
        box.append(line);
      }
      return box;
    }

    function showOperator(graph, index) {
      const op = graph.operators[index];
      const whole = graph.operators.reduce((sum, op) => sum + (op.macs || 0), 0);
      const share = op.macs && whole ? ` (${(op.macs / whole * 100).toFixed(1)} %)` : '';
      const version = op.version === null ? '' : `, version ${op.version}`;
      const parts = [make('h2', '', op.name), make('p', 'hint', `operator ${index} · ${op.family}${version}`)];
      if (op.note) parts.push(make('p', 'note', op.note));
      parts.push(list([
        ['kernel', op.kernel === '-' ? '' : op.kernel], ['device', op.device],
        ['MACs', op.macs ? count(op.macs) + share : ''], ['weights', op.weights ? size(op.weights) : ''],
        ['reads and writes', op.bytes ? size(op.bytes) : ''],
        ['steps', op.steps ? op.steps.join(', ') : ''], ...op.options,
      ]));
      const shownOperands = op.in.length + op.out.length + op.mid.length;
      for (const [title, role, tensors] of [['Inputs', 'input', op.in], ['Outputs', 'output', op.out],
        ['Inside', 'inner value', op.mid]]) {
        if (tensors.length) parts.push(make('h3', '', title));
        tensors.forEach((tensor, place) => parts.push(tensorBox(graph, tensor, `${role} ${place}`)));
      }
      if (shownOperands < op.operands) parts.push(make('p', 'hint', `${op.operands - shownOperands} more tensors`));
      if (op.package) parts.push(make('h3', '', 'Edge TPU package'), make('pre', '', op.package.join('\n')));
      panel.replaceChildren(...parts);
      panel.scrollTop = 0;
    }

    function showTensor(graph, index) {
      const role = graph.inputs.includes(index) ? 'input of the graph'
        : graph.outputs.includes(index) ? 'output of the graph' : 'value';
      const box = tensorBox(graph, index, role);
      const maker = graph.maker.get(index);
      const parts = [make('h2', '', `Tensor ${index}`), box];
      if (maker !== undefined) parts.push(make('p', 'small', 'made by ', operatorLink(graph, maker)));
      panel.replaceChildren(...parts);
      panel.scrollTop = 0;
    }

    """#
}
