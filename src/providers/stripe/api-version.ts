/** What the SDK's types describe (stripe-node 23.1.0); sent with each call and fixed in each endpoint. */
export const API_VERSION = '2026-10-28.endive';
