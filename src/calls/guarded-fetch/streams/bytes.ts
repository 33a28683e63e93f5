/** Bytes that are joined without a copy for each chunk that is added. */
export class ByteQueue {
  #bytes: Uint8Array = new Uint8Array(0);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /** The bytes, valid until the next call of `push`. */
  get view(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  push(bytes: Uint8Array): void {
    if (this.length === 0) {
      this.#bytes = bytes;
      this.#from = 0;
      this.#to = bytes.length;
      return;
    }
    // The array is always this object's own, or full.
    if (this.#to + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.length, this.length + bytes.length));
      larger.set(this.view);
      this.#to -= this.#from;
      this.#from = 0;
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  /** Removes the first `count` bytes and returns them. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#from, this.#from + count);
    this.#from += count;
    return taken;
  }

  /** Lets go of the bytes that were taken. What is left is copied; it is less than an event. */
  forgetTaken(): void {
    this.#bytes = this.#bytes.slice(this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
  }
}
