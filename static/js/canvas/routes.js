// Where an edge runs: along the gaps between cards, with right angles. Pure: boxes in, points out. A box is
// {x, y, w, h, above}: its left upper corner, its size, and the height of the chips above it.

const PORT = 30; // below the upper side
const GAP = 24; // how far from a card an edge turns
const LANE = { h: 15, v: 9 }; // between two edges that run side by side; labels lie on the level ones
const REACH = 54; // how far a lane may wander

const right = (box) => box.x + box.w;
const foot = (box) => box.y + box.h;
const port = (box) => box.y + Math.min(PORT, box.h / 2);

/** Lines that are taken: two edges never run on top of each other for long. */
export class Lanes {
  constructor() {
    this.taken = { h: [], v: [] };
  }

  /** The free line nearest to `at` on which [from, to] fits. */
  pick(axis, at, from, to, owner) {
    const [low, high] = [Math.min(from, to) - 4, Math.max(from, to) + 4];
    const lane = LANE[axis];
    for (let step = 0; step * lane <= REACH; step += 1) {
      for (const line of step ? [at + step * lane, at - step * lane] : [at]) {
        const blocked = this.taken[axis].some(
          (other) => Math.abs(other.at - line) < lane - 1 && other.low < high && other.high > low && other.owner !== owner,
        );
        if (blocked) continue;
        this.taken[axis].push({ at: line, low, high, owner });
        return line;
      }
    }
    return at;
  }

  /** Give back what these edges have taken. */
  free(owners) {
    for (const axis of ["h", "v"]) this.taken[axis] = this.taken[axis].filter((line) => !owners.has(line.owner));
  }
}

function crosses(points, boxes, except) {
  let count = 0;
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    const [left, rite] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
    const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
    for (const box of boxes) {
      if (rite <= box.x || left >= right(box) || bottom <= box.y - box.above || top >= foot(box)) continue;
      // Leaving or reaching one's own card is no crossing, running through it is.
      const own = except.includes(box);
      if (own && (index === 1 || index === points.length - 1)) continue;
      count += own ? 2 : 1;
    }
  }
  return count;
}

const length = (points) =>
  points.slice(1).reduce((sum, point, index) => sum + Math.abs(point.x - points[index].x) + Math.abs(point.y - points[index].y), 0);

/** The ways that come into question; each is a list of points. A straight one runs `aside` of the middle. */
function ways(from, to, boxes, aside) {
  const found = [];
  const start = { x: right(from), y: port(from) };
  const end = { x: to.x, y: port(to) };
  const below = (box) => rowFoot(box, boxes) + GAP;
  if (end.x - start.x >= 2 * GAP - 8) {
    if (Math.abs(start.y - end.y) < 2) found.push([start, end].map(({ x, y }) => ({ x, y: y + aside })));
    else {
      for (const x of [end.x - GAP, start.x + GAP, (start.x + end.x) / 2]) {
        found.push([start, { x, y: start.y }, { x, y: end.y }, end]);
      }
    }
  }
  // Round the outside: right, along a gap between rows, and in from the left.
  for (const y of lanesBetween(from, to, boxes)) {
    const [out, into] = [start.x + GAP, end.x - GAP];
    found.push([start, { x: out, y: start.y }, { x: out, y }, { x: into, y }, { x: into, y: end.y }, end]);
  }
  // Back: below the row, and up into the foot of the card.
  const leave = { x: from.x + from.w * 0.72, y: foot(from) };
  const enter = { x: to.x + to.w * 0.28, y: foot(to) };
  if (to.y + to.h <= from.y + from.h + 4 && to.x <= from.x + 4) {
    const y = Math.max(below(from), below(to));
    found.push([leave, { x: leave.x, y }, { x: enter.x, y }, enter]);
    const into = end.x - GAP;
    found.push([leave, { x: leave.x, y: below(from) }, { x: into, y: below(from) }, { x: into, y: end.y }, end]);
  }
  return found;
}

/** How far down the cards beside this one reach. */
function rowFoot(box, boxes) {
  let low = foot(box);
  for (const other of boxes) if (Math.abs(other.y - box.y) < 40 && other.w === box.w) low = Math.max(low, foot(other));
  return low;
}

function rowHead(box, boxes) {
  let high = box.y - box.above;
  for (const other of boxes) if (Math.abs(other.y - box.y) < 40 && other.w === box.w) high = Math.min(high, other.y - other.above);
  return high;
}

function lanesBetween(from, to, boxes) {
  const [a, b] = from.y <= to.y ? [from, to] : [to, from];
  const lines = [rowFoot(a, boxes) + GAP];
  if (b.y > foot(a)) {
    const head = rowHead(b, boxes);
    lines.push(head - GAP, (rowFoot(a, boxes) + head) / 2);
  } else lines.push(rowHead(a, boxes) - GAP);
  return lines;
}

/** Down to the workflow that an outcome leads to, past the cards that stand between. */
function waysDown(from, to, boxes) {
  const middle = to.x + to.w / 2;
  const start = { x: Math.min(Math.max(middle, from.x + 16), right(from) - 16), y: foot(from) };
  const end = { x: middle, y: to.y };
  const found = [];
  if (end.y - start.y >= GAP) {
    const y = Math.min(end.y - 16, start.y + GAP);
    found.push(Math.abs(start.x - end.x) < 1 ? [start, end] : [start, { x: start.x, y }, { x: end.x, y }, end]);
  }
  const side = { x: to.x, y: to.y + to.h / 2 };
  const edge = { x: from.x + 12, y: foot(from) };
  if (side.y > edge.y + 8 && side.x > edge.x + 8) found.push([edge, { x: edge.x, y: side.y }, side]);
  const isBetween = (box) => box !== from && box !== to && box.y - box.above < end.y && foot(box) > start.y;
  const between = boxes.filter((box) => isBetween(box) && [start.x, end.x].some((x) => x > box.x - GAP && x < right(box) + GAP));
  const above = end.y - 16;
  for (const box of between) {
    for (const x of [box.x - GAP / 2, right(box) + GAP / 2]) {
      const out = start.y + GAP / 2;
      if (above > out) found.push([start, { x: start.x, y: out }, { x, y: out }, { x, y: above }, { x: end.x, y: above }, end]);
      if (x < side.x) found.push([start, { x: start.x, y: out }, { x, y: out }, { x, y: side.y }, side]);
    }
  }
  return found;
}

const corner = (kind) => (kind === "continue" ? 40 : 0);

/** The points of an edge: the way that crosses the fewest cards, then the shortest. */
export function route(kind, from, to, boxes, aside = 0) {
  const down = kind === "target" ? waysDown(from, to, boxes) : [];
  const all = [...down, ...ways(from, to, boxes, aside)];
  let best = null;
  for (const points of all) {
    const bends = points.length > 4 ? 60 : 0;
    const cost = crosses(points, boxes, [from, to]) * 100_000 + length(points) + bends + corner(kind);
    if (!best || cost < best.cost) best = { cost, points };
  }
  return best.points;
}

/** Shift the inner lines of a way to free lanes. Its ends stay on the cards. */
export function inLanes(points, lanes, owner) {
  const fresh = points.map((point) => ({ ...point }));
  for (let index = 1; index + 1 < fresh.length - 1; index += 1) {
    const [a, b] = [fresh[index], fresh[index + 1]];
    if (a.y === b.y) a.y = b.y = lanes.pick("h", a.y, a.x, b.x, owner);
    else a.x = b.x = lanes.pick("v", a.x, a.y, b.y, owner);
  }
  if (fresh.length === 4 && fresh[0].x === fresh[1].x) {
    // Up into a foot: the first and the last line are lanes too.
    fresh[0].x = fresh[1].x = lanes.pick("v", fresh[0].x, fresh[0].y, fresh[1].y, owner);
    fresh[3].x = fresh[2].x = lanes.pick("v", fresh[3].x, fresh[3].y, fresh[2].y, owner);
  }
  return fresh;
}

/** The points as the path of an SVG, with round corners. */
export function path(points, radius = 8) {
  let text = `M${points[0].x} ${points[0].y}`;
  for (let index = 1; index < points.length - 1; index += 1) {
    const [a, b, c] = [points[index - 1], points[index], points[index + 1]];
    const r = Math.min(radius, Math.hypot(b.x - a.x, b.y - a.y) / 2, Math.hypot(c.x - b.x, c.y - b.y) / 2);
    const towards = (p) => {
      const size = Math.hypot(p.x - b.x, p.y - b.y) || 1;
      return `${b.x + ((p.x - b.x) / size) * r} ${b.y + ((p.y - b.y) / size) * r}`;
    };
    text += `L${towards(a)}Q${b.x} ${b.y} ${towards(c)}`;
  }
  const last = points.at(-1);
  return `${text}L${last.x} ${last.y}`;
}
