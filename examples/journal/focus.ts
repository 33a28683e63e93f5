/**
 * The spending of a month as rows of FOCUS 1.2, the FinOps Open Cost and Usage Specification: every column that it makes mandatory
 * (https://focus.finops.org/focus-specification/v1-2/), one row a day, provider and model.
 */
import type { JournalQuestions } from "dispatch-kit";
import { toCsv } from "dispatch-kit/journal";

export interface FocusOptions {
  /** A month in UTC, such as `"2026-07"`. */
  readonly month: string;
  /** Whom the providers bill. */
  readonly billingAccount: { readonly id: string; readonly name: string };
}

/** The file. Calls carry the tags `provider` and `model`. */
export async function focusCsv(
  store: Pick<JournalQuestions, "spend">,
  options: FocusOptions,
): Promise<string> {
  const { month, billingAccount } = options;
  const BillingPeriodStart = timeOf(new Date(`${month}-01T00:00:00Z`));
  const next = new Date(BillingPeriodStart);
  next.setUTCMonth(next.getUTCMonth() + 1);
  const from = new Date(BillingPeriodStart);
  const rows = await store.spend({ from, to: next, by: ["day", "tag:provider", "tag:model"] });
  return toCsv(
    rows.map(({ group, booked, calls }) => {
      const provider = group["tag:provider"] ?? "unknown";
      const model = group["tag:model"] ?? "unknown";
      const day = new Date(`${group["day"] ?? month}T00:00:00Z`);
      return {
        // No invoice has confirmed it yet: it is what the calls were booked at, before any discount of the provider.
        BilledCost: booked,
        BillingAccountId: billingAccount.id,
        BillingAccountName: billingAccount.name,
        BillingCurrency: "USD",
        BillingPeriodEnd: timeOf(next),
        BillingPeriodStart,
        ChargeCategory: "Usage",
        // Null: no correction of a billing period that was invoiced before.
        ChargeClass: null,
        ChargeDescription: `${String(calls)} calls of ${model}`,
        // The end is the first moment that is not part of the period.
        ChargePeriodEnd: timeOf(new Date(day.getTime() + 86_400_000)),
        ChargePeriodStart: timeOf(day),
        ContractedCost: booked,
        EffectiveCost: booked,
        InvoiceIssuerName: provider,
        ListCost: booked,
        PricingQuantity: calls,
        PricingUnit: "Calls",
        ProviderName: provider,
        PublisherName: provider,
        ServiceCategory: "AI and Machine Learning",
        ServiceName: model,
        ServiceSubcategory: "Generative AI",
      };
    }),
  );
}

/** As FOCUS writes times: ISO 8601 in UTC, to the second. */
function timeOf(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}
