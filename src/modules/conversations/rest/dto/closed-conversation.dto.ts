export class ClosedConversationDto {
  conversationId!: string;
  status!: 'completed';
}
