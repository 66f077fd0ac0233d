/** Which step of the page the tour speaks of; 0 is the sentence above them, undefined no tour. */
class Place {
  step = $state<number>()
}

export const place = new Place()
