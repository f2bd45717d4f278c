/** Runs `work` for each item, at most `parallelMax` at a time; results in the order of the items. The first error ends it. */
export async function boundedParallel<T, R>(
  items: readonly T[],
  parallelMax: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelMax, items.length) }, worker));
  return results;
}
