/**
 * Locations with an aiplatform host of their own.
 * Source: `endpoints` of Google's aiplatform discovery document, revision 20260920.
 */
export const REGIONS: readonly string[] = [
  'africa-south1',
  'asia-east1',
  'asia-east2',
  'asia-northeast1',
  'asia-northeast2',
  'asia-northeast3',
  'asia-south1',
  'asia-south2',
  'asia-southeast1',
  'asia-southeast2',
  'australia-southeast1',
  'australia-southeast2',
  'europe-central2',
  'europe-north1',
  'europe-north2',
  'europe-southwest1',
  'europe-west1',
  'europe-west10',
  'europe-west12',
  'europe-west15',
  'europe-west2',
  'europe-west3',
  'europe-west4',
  'europe-west6',
  'europe-west8',
  'europe-west9',
  'me-central1',
  'me-central2',
  'me-west1',
  'northamerica-northeast1',
  'northamerica-northeast2',
  'southamerica-east1',
  'southamerica-west1',
  'us-central1',
  'us-central2',
  'us-east1',
  'us-east4',
  'us-east5',
  'us-east7',
  'us-south1',
  'us-west1',
  'us-west2',
  'us-west3',
  'us-west4',
  'us-west8',
];

/** Multi-regions, served by `aiplatform.{us|eu}.rep.googleapis.com` (same source). */
export const MULTI_REGIONS: readonly string[] = ['us', 'eu'];

const REGION_SET = new Set(REGIONS);
const MULTI_REGION_SET = new Set(MULTI_REGIONS);

/** True for the 45 regions of `REGIONS`; multi-regions and `global` are none. Other universes have other regions. */
export const isKnownRegion = (region: string): boolean => REGION_SET.has(region);

/** True for `us` and `eu`. */
export const isMultiRegion = (region: string): boolean => MULTI_REGION_SET.has(region);
