/** Every error that this package throws. */

/** A client was made with options that cannot work; the message says which, and what would do. */
export class BadOptions extends TypeError {
  override readonly name = 'BadOptions';
}

/** `events()` was called while another loop reads them: one client has one reader at a time. */
export class AlreadyRead extends Error {
  override readonly name = 'AlreadyRead';
}
