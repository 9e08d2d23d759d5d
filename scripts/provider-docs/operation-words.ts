/** The port's groups and operations in words, in the order of the table. A test holds them against the registry. */
export const operationWords: Readonly<Record<string, { readonly title: string; readonly operations: Words }>> = {
  account: { title: 'Account', operations: { check: 'whose account the credentials open' } },
  customers: {
    title: 'Customers',
    operations: {
      ...{ create: 'create', get: 'read', update: 'change', remove: 'remove', find: 'find by our organization id' },
    },
  },
  checkouts: {
    title: 'Hosted checkouts',
    operations: {
      ...{ create: 'open', get: 'read all that happened to it', find: 'find those that an unclear answer left behind' },
      end: 'make unpayable',
    },
  },
  subscriptions: {
    title: 'Subscriptions',
    operations: {
      ...{ get: 'read', list: 'list a customer’s', listAll: 'list all of the account' },
      ...{ create: 'start without a page', find: 'find by our id' },
      ...{ preview: 'tell the sums of a change beforehand', change: 'change plan, interval or quantity' },
      ...{ cancelChange: 'take back a change that waits', cancel: 'cancel', undoCancel: 'undo a cancellation' },
      ...{ pause: 'pause', resume: 'resume', setTrialEnd: 'move the end of a trial' },
      ...{ retryPayment: 'collect what is past due now', setPaymentMethod: 'choose what renewals are charged to' },
    },
  },
  paymentMethods: {
    title: 'Stored payment methods',
    operations: {
      ...{ attach: 'attach by token', get: 'read', list: 'list', detach: 'detach', setDefault: 'make default' },
    },
  },
  payments: {
    title: 'Payments without a page',
    operations: { create: 'charge, or issue a voucher', get: 'read', find: 'find by our id', cancel: 'release' },
  },
  invoices: {
    title: 'Invoices and orders',
    operations: { get: 'read', list: 'list a customer’s', document: 'PDF and page', pay: 'collect an open one now' },
  },
  refunds: { title: 'Refunds', operations: { create: 'pay back, in part or whole', list: 'list a payment’s' } },
  disputes: { title: 'Disputes', operations: { get: 'read', list: 'list' } },
  portal: { title: 'Customer portal', operations: { create: 'a link for one visit' } },
  catalog: {
    title: 'Products and prices',
    operations: {
      ...{ ensurePrice: 'push one of our prices', get: 'read', list: 'list all that is sold there' },
      update: 'rename, stop and resume selling',
    },
  },
  discounts: {
    title: 'Discount codes',
    operations: { ensure: 'create or find', find: 'find by code', list: 'list', archive: 'archive' },
  },
  benefits: {
    title: 'Benefits',
    operations: {
      ...{ ensure: 'define or find', update: 'change', get: 'read', list: 'list', remove: 'remove' },
      ...{ setForProduct: 'choose what a product brings', grants: 'list a customer’s grants' },
      ...{ grant: 'give without a purchase', revoke: 'take back' },
    },
  },
  licenseKeys: {
    title: 'License keys',
    operations: { list: 'list', validate: 'validate', activate: 'activate', deactivate: 'deactivate' },
  },
  usage: {
    title: 'Usage',
    operations: {
      ...{ ingest: 'report events', cancel: 'take an event back', ensureMeter: 'create or find a meter' },
      refusals: 'read what was refused after it had been received',
      ...{ listMeters: 'list meters', quantity: 'what was counted for a customer' },
    },
  },
  changes: { title: 'Reconciliation', operations: { list: 'what changed since then', charge: 'one charge by itself' } },
  customerData: { title: 'Customer data', operations: { export: 'export', erase: 'erase' } },
  archive: {
    title: 'Archive of the account',
    operations: { sections: 'name what there is to read', list: 'read all of it, as it stands' },
  },
  webhookEndpoints: {
    title: 'Webhook addresses',
    operations: { list: 'list', create: 'register ours', remove: 'remove' },
  },
};

type Words = Readonly<Record<string, string>>;
