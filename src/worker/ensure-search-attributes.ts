import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { searchAttributes } from '../workflows/search-attributes.ts';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType
const ours = Object.values(searchAttributes).map(({ name }) => name);

/**
 * Registers our search attributes where the namespace lacks them; a start would fail without.
 *
 * @returns the names that are there now, or why nobody here may look (Temporal Cloud leaves them to its own console).
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<string> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = ours.filter((name) => !(name in customAttributes));
    if (missing.length > 0) await addSearchAttributes(connection, namespace, missing);
    return ours.join(', ');
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    const code: number = error.code;
    if (code === alreadyExists) return ours.join(', '); // another worker was faster
    if (code === permissionDenied || code === unimplemented) return error.details;
    throw error;
  }
}

const [alreadyExists, permissionDenied, unimplemented] = [6, 7, 12]; // gRPC status codes

/** Adds without asking first, for servers that cannot list (the time-skipping one). */
export async function addSearchAttributes(connection: Connection, namespace: string, names = ours): Promise<void> {
  const byName = Object.fromEntries(names.map((name) => [name, keyword]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: byName });
}
