/** The part of a process's memory that new objects may fill. */
const share = 16;

/**
 * MB that V8 may give to new objects on a machine with this memory, in MB. By itself it goes by the memory of this one,
 * which has more than Lambda and Fargate give: a process would grow for minutes.
 */
export function youngGenerationMb(memoryMb: number): number {
  return Math.ceil(memoryMb / share);
}
