/** What either end allows the other. */

/** What may come on one stream, and on the whole connection, before we have read it. */
export const RECEIVE_WINDOW_BYTES = 8 << 20;
/** Acknowledgements cost their asker nothing: with so much unread by him, he gets no more. */
export const UNSENT_BYTES_MAX = 64 << 20;
