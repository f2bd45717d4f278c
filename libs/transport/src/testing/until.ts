/** Looks until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what = `${isSo}`): Promise<void> {
  for (const endsAt = performance.now() + 20_000; !(await isSo()); ) {
    if (performance.now() > endsAt) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
