extension PageScript {
  /// The graph, the tables, and what people do with them.
  static let view = #"""
    const pictures = new Map([...document.querySelectorAll('svg.graph')].map((svg) => [Number(svg.dataset.g), svg]));
    const nodes = new Map(), lines = new Map(), rows = [...document.querySelectorAll('tbody tr')];
    const scales = new Map();
    for (const [g, svg] of pictures) {
      const own = { all: [...svg.querySelectorAll('.node')], op: new Map(), tensor: new Map() };
      for (const node of own.all) {
        if (node.dataset.o !== undefined) own.op.set(Number(node.dataset.o), node);
        else own.tensor.set(Number(node.dataset.t), node);
      }
      nodes.set(g, own);
      const paths = new Map();
      for (const path of svg.querySelectorAll('.lines path[data-t]')) {
        const tensor = Number(path.dataset.t);
        paths.set(tensor, [...(paths.get(tensor) || []), path]);
      }
      lines.set(g, paths);
    }

    function zoom(scale, keepMiddle) {
      const svg = pictures.get(shown);
      if (!svg) return;
      const old = scales.get(shown) || 1;
      scale = Math.min(3, Math.max(0.02, scale));
      const middle = { x: view.scrollLeft + view.clientWidth / 2, y: view.scrollTop + view.clientHeight / 2 };
      scales.set(shown, scale);
      svg.setAttribute('width', svg.dataset.w * scale);
      svg.setAttribute('height', svg.dataset.h * scale);
      if (keepMiddle) {
        view.scrollLeft = middle.x * scale / old - view.clientWidth / 2;
        view.scrollTop = middle.y * scale / old - view.clientHeight / 2;
      }
    }
    const scale = () => scales.get(shown) || 1;
    function fit() {
      const svg = pictures.get(shown);
      if (!svg) return;
      zoom(Math.min(1, (view.clientWidth - 4) / svg.dataset.w, (view.clientHeight - 4) / svg.dataset.h), false);
    }
    /// As wide as the view, if that is not too small to read.
    function begin() {
      const svg = pictures.get(shown);
      if (!svg) return;
      zoom(Math.max(0.8, Math.min(1, (view.clientWidth - 4) / svg.dataset.w)), false);
      view.scrollTop = 0;
      view.scrollLeft = 0;
      const first = nodes.get(shown).all[0];
      if (!first) return;
      center(first, true);
      if (focusable) focusable.setAttribute('tabindex', '-1');
      focusable = first;
      first.setAttribute('tabindex', '0');
    }
    function center(node, onlyAcross) {
      const box = node.getBoundingClientRect(), frame = view.getBoundingClientRect();
      const x = box.left + box.width / 2 - frame.left - frame.width / 2;
      const y = box.top + box.height / 2 - frame.top - frame.height / 2;
      if (onlyAcross || box.left < frame.left || box.right > frame.right) view.scrollLeft += x;
      if (!onlyAcross && (box.top < frame.top + 8 || box.bottom > frame.bottom - 8)) view.scrollTop += y;
    }

    // Where each operator and tensor is told of, beside the graph.
    const places = new Map();
    function addPlace(key, element) {
      if (!places.has(key)) places.set(key, []);
      places.get(key).push(element);
    }
    for (const row of rows) {
      const g = row.parentNode.dataset.g;
      if (row.dataset.o !== undefined) addPlace(`${g}-o${row.dataset.o}`, row);
      else if (row.dataset.t !== undefined) addPlace(`${g}-t${row.dataset.t}`, row);
    }
    for (const cell of document.querySelectorAll('.memory .cell')) {
      for (const name of ['o', 't']) {
        if (cell.dataset[name] !== undefined) addPlace(`${model.main}-${name}${cell.dataset[name]}`, cell);
      }
    }
    let marked = [], focusable = null;
    function mark(node, what, tensors) {
      for (const old of marked) old.classList.remove('on', 'hot');
      marked = [...(places.get(`${shown}-${what}`) || [])];
      if (node) {
        if (focusable) focusable.setAttribute('tabindex', '-1');
        focusable = node;
        node.setAttribute('tabindex', '0');
        marked.push(node);
      }
      for (const element of marked) element.classList.add('on');
      for (const tensor of tensors) for (const path of lines.get(shown).get(tensor) || []) {
        path.classList.add('hot');
        marked.push(path);
      }
    }
    function remember(what) {
      if (location.hash !== '#check') history.replaceState(null, '', `#${shown}-${what}`);
    }

    function chooseOperator(index, scrolls) {
      const graph = graphs.get(shown);
      if (!graph || !graph.operators[index]) return;
      const node = nodes.get(shown).op.get(index), op = graph.operators[index];
      mark(node, `o${index}`, [...op.in, ...op.out]);
      showOperator(graph, index);
      if (node && scrolls) center(node, false);
      remember(`o${index}`);
    }
    function chooseTensor(index, scrolls) {
      const graph = graphs.get(shown);
      if (!graph) return;
      const node = nodes.get(shown).tensor.get(index) || nodes.get(shown).op.get(graph.maker.get(index));
      mark(node, `t${index}`, [index]);
      showTensor(graph, index);
      if (node && scrolls) center(node, false);
      remember(`t${index}`);
    }
    function choose(element, scrolls) {
      if (element.dataset.o !== undefined) chooseOperator(Number(element.dataset.o), scrolls);
      else if (element.dataset.t !== undefined) chooseTensor(Number(element.dataset.t), scrolls);
    }

    function showGraph(g) {
      if (!pictures.has(g)) return;
      shown = g;
      for (const [index, svg] of pictures) svg.toggleAttribute('hidden', index !== g);
      for (const body of document.querySelectorAll('tbody[data-g]')) body.hidden = Number(body.dataset.g) !== g;
      if ($('choice')) $('choice').value = String(g);
      begin();
      find();
    }

    // What is drawn answers to the pointer and to keys.
    let moved = false;
    view.addEventListener('click', (event) => {
      const node = event.target.closest('.node');
      if (node && !moved) choose(node, false);
    });
    view.addEventListener('pointerdown', (event) => {
      moved = false;
      if (event.button !== 0 || event.pointerType === 'touch' || event.offsetX > view.clientWidth) return;
      const from = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
      const move = (event) => {
        if (Math.abs(event.clientX - from.x) + Math.abs(event.clientY - from.y) > 4) moved = true;
        if (!moved) return;
        view.classList.add('moving');
        view.scrollLeft = from.left - event.clientX + from.x;
        view.scrollTop = from.top - event.clientY + from.y;
      };
      const end = () => {
        view.classList.remove('moving');
        window.removeEventListener('pointermove', move);
        window.removeEventListener('pointerup', end);
        window.removeEventListener('pointercancel', end);
      };
      window.addEventListener('pointermove', move);
      window.addEventListener('pointerup', end);
      window.addEventListener('pointercancel', end);
    });
    view.addEventListener('wheel', (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(scale() * (event.deltaY < 0 ? 1.12 : 1 / 1.12), true);
    }, { passive: false });
    function neighbour(node, key) {
      const own = nodes.get(shown), graph = graphs.get(shown), all = own.all, place = all.indexOf(node);
      if (key === 'ArrowLeft') return all[place - 1];
      if (key === 'ArrowRight') return all[place + 1];
      const op = node.dataset.o === undefined ? null : graph.operators[Number(node.dataset.o)];
      const tensors = op ? (key === 'ArrowDown' ? op.out : op.in) : [Number(node.dataset.t)];
      for (const tensor of tensors) {
        const ends = key === 'ArrowDown' ? graph.readers.get(tensor) || [] : [graph.maker.get(tensor)];
        for (const end of ends) if (own.op.has(end)) return own.op.get(end);
        const port = own.tensor.get(tensor);
        if (port && port !== node) return port;
      }
      return undefined;
    }
    view.addEventListener('keydown', (event) => {
      const node = event.target.closest('.node');
      if (event.key === '+' || event.key === '=') zoom(scale() * 1.2, true);
      else if (event.key === '-') zoom(scale() / 1.2, true);
      else if (node && (event.key === 'Enter' || event.key === ' ')) choose(node, false);
      else if (node && event.key.startsWith('Arrow')) {
        const next = neighbour(node, event.key);
        if (next) {
          choose(next, true);
          next.focus({ preventScroll: true });
        }
      } else return;
      event.preventDefault();
    });
    $('in').addEventListener('click', () => zoom(scale() * 1.25, true));
    $('out').addEventListener('click', () => zoom(scale() / 1.25, true));
    $('fit').addEventListener('click', fit);
    $('full').addEventListener('click', () => zoom(1, true));
    if ($('choice')) $('choice').addEventListener('change', () => showGraph(Number($('choice').value)));
    for (const row of rows) {
      if (row.dataset.o === undefined && row.dataset.t === undefined) continue;
      row.addEventListener('click', () => choose(row, true));
    }
    for (const cell of document.querySelectorAll('.memory .cell')) {
      cell.addEventListener('click', () => {
        if (shown !== model.main) showGraph(model.main);
        choose(cell, true);
      });
    }

    // Finding: by an operator's name, number or kernel, and by the names of its tensors.
    const words = new Map(model.graphs.map((graph) => [graph.index, graph.operators.map((op, index) =>
      [op.name, op.kernel, ...[...op.in, ...op.out].map((tensor) => (graph.tensors[tensor] || {}).name || '')]
        .join('\n').toLowerCase())]));
    let hits = [], hit = -1;
    function find() {
      const text = $('search').value.trim().toLowerCase(), graph = graphs.get(shown);
      if (!graph) return;
      hits = [];
      hit = -1;
      words.get(shown).forEach((all, index) => {
        const isHit = text === '' || (/^#\d+$/.test(text) ? text === `#${index}` : all.includes(text));
        if (isHit && text !== '') hits.push(index);
        const node = nodes.get(shown).op.get(index);
        if (node) node.classList.toggle('faint', !isHit);
      });
      const found = new Set(hits);
      for (const row of document.querySelectorAll(`#operator-table tbody[data-g="${shown}"] tr`)) {
        row.hidden = text !== '' && !found.has(Number(row.dataset.o));
      }
      $('found').textContent = text === '' ? '' : `${hits.length} found`;
    }
    $('search').addEventListener('input', find);
    $('search').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !hits.length) return;
      hit = (hit + 1) % hits.length;
      chooseOperator(hits[hit], true);
    });

    // Tables are sorted by a click on a title; once more turns the order.
    for (const button of document.querySelectorAll('th button')) {
      button.addEventListener('click', () => {
        const head = button.closest('th'), table = head.closest('table');
        const column = [...head.parentNode.children].indexOf(head);
        const isNumber = head.classList.contains('number');
        const usual = isNumber && column > 0 ? 'descending' : 'ascending';
        const other = usual === 'ascending' ? 'descending' : 'ascending';
        const order = head.getAttribute('aria-sort') === usual ? other : usual;
        for (const all of head.parentNode.children) all.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', order);
        for (const body of table.tBodies) {
          const keys = new Map([...body.rows].map((row) => {
            const cell = row.cells[column];
            return [row, isNumber ? Number(cell.dataset.v) : cell.textContent];
          }));
          const sorted = [...body.rows].sort((one, two) => {
            const a = keys.get(one), b = keys.get(two);
            return (a < b ? -1 : a > b ? 1 : 0) * (order === 'ascending' ? 1 : -1);
          });
          body.append(...sorted);
        }
      });
    }

    """#

  /// The first view; and with `#check` behind its address the page tries itself and tells what it found.
  static let check = #"""
    const root = document.documentElement, errors = [];
    window.addEventListener('error', (event) => errors.push(event.message));
    document.addEventListener('securitypolicyviolation', (event) => errors.push(`policy: ${event.violatedDirective}`));
    begin();
    const place = /^#(\d+)-([ot])(\d+)$/.exec(location.hash);
    if (place) {
      showGraph(Number(place[1]));
      (place[2] === 'o' ? chooseOperator : chooseTensor)(Number(place[3]), true);
    }
    window.addEventListener('resize', () => { if (!view.scrollTop) begin(); });

    function tryAll() {
      let tried = 0;
      for (const graph of model.graphs) {
        showGraph(graph.index);
        const own = nodes.get(graph.index), every = Math.ceil(own.all.length / 400);
        if (own.op.size !== graph.operators.length) errors.push(`graph ${graph.index} lacks boxes`);
        own.all.forEach((node, index) => {
          if (index % every) return;
          node.dispatchEvent(new MouseEvent('click', { bubbles: true }));
          const { o, t } = node.dataset;
          const wanted = o === undefined ? `Tensor ${t}` : graph.operators[o].name;
          const title = panel.querySelector('h2');
          if (!title || title.textContent !== wanted) errors.push(`the panel does not show ${wanted}`);
          if (!node.classList.contains('on')) errors.push(`${wanted} is not marked`);
          for (const key of ['ArrowDown', 'ArrowUp', 'ArrowLeft', 'ArrowRight']) neighbour(node, key);
          tried += 1;
        });
        $('search').value = '#0';
        find();
        if (graph.operators.length && hits.length !== 1) errors.push('operator 0 is not found');
        $('search').value = '';
        find();
      }
      for (const button of document.querySelectorAll('th button')) button.click();
      document.querySelector('#operator-table th:nth-child(5) button').click();
      for (const body of $('operator-table').tBodies) {
        const macs = [...body.rows].map((row) => Number(row.cells[4].dataset.v));
        if (macs.some((value, index) => index && value > macs[index - 1])) errors.push('the table is not sorted');
      }
      for (const id of ['in', 'out', 'fit', 'full']) $(id).click();
      for (const cell of document.querySelectorAll('.memory .cell')) {
        if (tried > 2000) break;
        cell.dispatchEvent(new MouseEvent('click', { bubbles: true }));
        tried += 1;
      }
      root.dataset.tried = String(tried);
    }
    if (location.hash === '#check') {
      try { tryAll(); } catch (error) { errors.push(String(error)); }
      root.dataset.histograms = String(model.graphs.reduce((sum, graph) =>
        sum + graph.tensors.filter((tensor) => tensor.histogram).length, 0));
    }
    root.dataset.errors = JSON.stringify(errors);
    root.dataset.ready = 'yes';

    """#
}
