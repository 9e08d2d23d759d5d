/**
 * Of the right to charge for one period of one organization and plan: whoever holds it may charge for it, once. The table
 * forbids two holders of periods that overlap. `released`: nobody may charge for it any more (the customer left).
 */
export type ChargeRightStatus = 'held' | 'charged' | 'released';
