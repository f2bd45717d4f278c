/** What a whole evaluation may still cost. */
export interface StepBudget {
  steps: number;
}

const anyCharacter = 1;
const anyText = 2;
type Part = string | typeof anyCharacter | typeof anyText;

/** A pattern of LIKE: `_` is any character, `%` any characters, none included; what is behind the escape is itself. */
export class LikePattern {
  private readonly parts: readonly Part[];

  /** @param escapeMark one character, and there is one behind each in the text */
  constructor(text: string, escapeMark: string | undefined) {
    const parts: Part[] = [];
    const characters = [...text];
    for (let index = 0; index < characters.length; index++) {
      const character = characters[index] as string;
      if (character === escapeMark) parts.push(characters[++index] as string);
      else if (character === '_') parts.push(anyCharacter);
      // Two of them say no more than one.
      else if (character !== '%') parts.push(character);
      else if (parts.at(-1) !== anyText) parts.push(anyText);
    }
    this.parts = parts;
  }

  /** Undefined: it took more steps than the budget has. Nothing is built from either, so no text costs more. */
  matches(text: string, budget: StepBudget): boolean | undefined {
    const { parts } = this;
    const characters = [...text.slice(0, Math.max(0, budget.steps) + 1)];
    let inPattern = 0;
    let inText = 0;
    let star = -1;
    let starTook = 0;
    while (inText < characters.length) {
      if (--budget.steps < 0) return undefined;
      const wanted = parts[inPattern];
      if (wanted === anyText) {
        star = inPattern++;
        starTook = inText;
      } else if (wanted === anyCharacter || (wanted !== undefined && wanted === characters[inText])) {
        inPattern++;
        inText++;
      } else if (star !== -1) {
        // The last one takes one character more; earlier ones never need to.
        inPattern = star + 1;
        inText = ++starTook;
      } else {
        return false;
      }
    }
    while (parts[inPattern] === anyText) inPattern++;
    return inPattern === parts.length;
  }
}
