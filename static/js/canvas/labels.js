// Where the label of an edge stands: on its line if it can, and never on a card or on another label. Pure: points and
// boxes {left, top, right, bottom} in, a spot out.

const PARTS = [0.5, 0.3, 0.7, 0.15, 0.85];
const STEP = 14; // how far from the line the next try is
const ROUNDS = 24;
const AIR = 3;

const overlap = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

export const boxAt = ({ x, y }, { w, h }) => ({ left: x - w / 2 - AIR, right: x + w / 2 + AIR, top: y - h / 2, bottom: y + h / 2 });

/** Spots on the line, the best first: in the middle of what is long and level. */
function spotsOn(points) {
  const found = [];
  for (let index = 1; index < points.length; index += 1) {
    const [a, b] = [points[index - 1], points[index]];
    const size = Math.abs(b.x - a.x) + Math.abs(b.y - a.y);
    const flat = a.y === b.y;
    for (const part of PARTS) {
      const rank = Math.abs(part - 0.5) * 100 - Math.min(size, 400) / (flat ? 2 : 6);
      found.push({ x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part, rank });
    }
  }
  return found.sort((one, other) => one.rank - other.rank);
}

/** Spots further and further from the line: above and below it first, then to its sides. */
function* around(spots) {
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [dx, dy] of [[0, -1], [0, 1], [1, 0], [-1, 0], [1, -1], [1, 1], [-1, -1], [-1, 1]]) {
      for (const spot of spots) yield { x: spot.x + dx * round * STEP * 2, y: spot.y + dy * round * STEP };
    }
  }
}

/** The spot of a label of this size on the line `points`, where nothing of `taken` is. */
export function spotFor(points, size, taken) {
  const spots = spotsOn(points);
  const free = (spot) => {
    const box = boxAt(spot, size);
    return !taken.some((other) => overlap(box, other));
  };
  for (const spot of spots) if (free(spot)) return spot;
  for (const spot of around(spots)) if (free(spot)) return spot;
  return spots[0];
}
