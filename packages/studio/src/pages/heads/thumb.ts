/** px of a thumbnail, by how many there are. */
export const thumbSize = (heads: number): number => (heads <= 48 ? 64 : heads <= 144 ? 40 : 24)
