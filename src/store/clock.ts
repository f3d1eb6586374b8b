/** Where a clock that is moved by hand stood, so that it does not go back when the server is started again. */
export interface ClockStore {
  /** The latest time at which anything is known to have been written; 0 where nothing was. */
  read(): Promise<number>
  /** A jump has ended at this time. */
  write(now: number): Promise<void>
}
