export function sameModel(
  asked: string,
  served: string,
  aliases: Readonly<Record<string, string>> = {},
): boolean {
  return asked === served || aliases[asked] === served;
}
