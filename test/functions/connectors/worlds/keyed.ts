/** Worlds whose service gives out ids of its own: which key of a test is which of them. */
export class KeyedIds {
  readonly #ids = new Map<string, string>();

  get count(): number {
    return this.#ids.size;
  }

  of(key: string): string {
    return this.#ids.get(key) ?? `no-document-${key}`;
  }

  async putAll(
    documents: Readonly<Record<string, string>>,
    create: (key: string, text: string) => string | Promise<string>,
    edit: (id: string, text: string, key: string) => void | Promise<void>,
  ): Promise<void> {
    for (const [key, text] of Object.entries(documents)) {
      const id = this.#ids.get(key);
      if (id === undefined) {
        this.#ids.set(key, await create(key, text));
      } else {
        await edit(id, text, key);
      }
    }
  }

  rename(from: string, to: string, id = this.of(from)): void {
    this.#ids.delete(from);
    this.#ids.set(to, id);
  }

  remove(key: string): string {
    const id = this.of(key);
    this.#ids.delete(key);
    return id;
  }
}
