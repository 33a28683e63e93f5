import { type MicroCents, microCents } from "dispatch-kit";
import fc from "fast-check";

/** Amounts from 0 to far above any budget, including the limits of doubles and of 64 bits. */
export const amounts: fc.Arbitrary<MicroCents> = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 10n ** 12n }),
    fc.bigInt({ min: 0n, max: 2n ** 80n }),
    fc.constantFrom(0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 62n - 1n, 2n ** 63n),
  )
  .map(microCents);

/** Plain decimals of up to `places` places, at least 0. */
export function decimals(places: number, max = 10n ** 9n): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.bigInt({ min: 0n, max }),
      fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: places }),
    )
    .map(([whole, fraction]) => (fraction === "" ? `${whole}` : `${whole}.${fraction}`));
}
