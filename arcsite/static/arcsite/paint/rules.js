// The service's own figures; a test compares them with enrollment/arc.py and matching/engine.

export const COLOUR = [255, 168, 230];
export const TOLERANCE = 16;
export const FLOOR = 0.03;
export const CEILING = 0.9;
export const SPECK_PIXELS = 64;
export const SPECK_SHARE = 0.0002;
export const SOLID = 0.4;
export const GRID = 64;
export const POOLS = 16;
export const CLEAR_STEP = 0.5;
export const DETAIL_NEEDED = 70;
export const WORKING_SIDE = 2048;
export const LEAST_SIDE = 200;
