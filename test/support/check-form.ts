// A check is one suite with two sizes: `short` in every test run, `full` by `npm run check -- NAME`.
export type CheckForm = 'short' | 'full';

export const checkForm: CheckForm = process.env.PULSEGATE_CHECK_FORM === 'full' ? 'full' : 'short';

/** The value for the form that runs now, e.g. `inForm({ short: 2_000, full: 200_000 })`. */
export function inForm<T>(sizes: Readonly<Record<CheckForm, T>>): T {
  return sizes[checkForm];
}
