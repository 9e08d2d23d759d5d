/** A project's account at a provider, in one mode. Stored in workflow histories: fields are only ever added. */
export interface AccountKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
}
