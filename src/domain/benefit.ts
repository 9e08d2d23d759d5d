/** What a plan or product brings beside access. */
export const benefitTypes = [
  'custom',
  'feature_flag',
  'downloadables',
  'license_keys',
  'discord',
  'github_repository',
  'meter_credit',
] as const;
export type BenefitType = (typeof benefitTypes)[number];

/** `pending` and `revoking`: the provider or the workflow is still at it. */
export type GrantStatus = 'pending' | 'granted' | 'revoking' | 'revoked' | 'failed';
export type GrantSource = 'subscription' | 'order' | 'direct';
