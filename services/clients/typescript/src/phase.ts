/** Where a session is; in the order of a connection's life: from `Opening` on there is one. */
export const enum Phase { Idle, Waiting, Asking, Opening, Opened, Welcomed }
